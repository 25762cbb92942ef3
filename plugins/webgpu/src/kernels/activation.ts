/**
 * WGSL: functions of one number, or of four at a time, that keep NaN and know infinity. A compiler of shaders may
 * assume that there are neither, and leave out comparisons that only these decide; so they look at the bits.
 */

export type Element = 'f32' | 'vec4f';

const bitsOf: Record<Element, string> = {f32: 'u32', vec4f: 'vec4u'};
const flagsOf: Record<Element, string> = {f32: 'bool', vec4f: 'vec4<bool>'};

const isNan = (element: Element): string => `
fn isNan(z: ${element}) -> ${flagsOf[element]} {
  return (bitcast<${bitsOf[element]}>(z) & ${bitsOf[element]}(0x7fffffffu)) > ${bitsOf[element]}(0x7f800000u);
}`;

/** `activated(z, slope)`: `slope` z below 0, where a slope of 0 makes 0 of minus infinity, too; else z. */
export const activated = (element: Element): string => `
/** Minus infinity is, -0 and NaN are not. */
fn isNegative(z: ${element}) -> ${flagsOf[element]} {
  return bitcast<${bitsOf[element]}>(z) - ${bitsOf[element]}(0x80000001u) < ${bitsOf[element]}(0x7f800000u);
}
fn activated(z: ${element}, slope: f32) -> ${element} {
  return select(z, select(z * slope, ${element}(0), slope == 0), isNegative(z));
}`;

/** `slopeThrough(dy, z, slope)`: dy where z is positive, NaN where z is NaN, `slope` dy elsewhere. */
export const slopeThrough = (element: Element): string => `${isNan(element)}
fn slopeThrough(dy: ${element}, z: ${element}, slope: f32) -> ${element} {
  return select(select(dy * slope, dy, z > ${element}(0)), z, isNan(z));
}`;

/** `kept(y, z)`: y, a function of z, but NaN where z is: what exponentials make of NaN is not said. */
export const kept = (element: Element): string => `${isNan(element)}
fn kept(y: ${element}, z: ${element}) -> ${element} { return select(y, z, isNan(z)); }`;

/** `within(z, low, high)`: the nearest to z of what lies between the two. */
export const within = (element: Element): string => `${isNan(element)}
fn within(z: ${element}, low: f32, high: f32) -> ${element} {
  return select(clamp(z, ${element}(low), ${element}(high)), z, isNan(z));
}`;
