/**
 * Outlines of the drawn shapes: a function of a point gives its distance to the outline, negative inside. Exact along
 * the edges, too small beyond sharp corners, which keeps the corners sharp. All fit a circle of radius 1 around (0, 0).
 */
export type Outline = (x: number, y: number) => number;

const circle: Outline = (x, y) => Math.sqrt(x * x + y * y) - 0.85;

const ring: Outline = (x, y) => Math.abs(Math.sqrt(x * x + y * y) - 0.68) - 0.22;

/** A disc with a smaller one bitten out of its side. */
const crescent: Outline = (x, y) => Math.max(Math.hypot(x, y) - 0.92, 0.72 - Math.hypot(x - 0.48, y));

const square: Outline = (x, y) => Math.max(Math.abs(x), Math.abs(y)) - 0.7;

const bar: Outline = (x, y) => Math.max(Math.abs(x) - 0.92, Math.abs(y) - 0.28);

const cross: Outline = (x, y) => Math.min(bar(x, y), bar(y, x));

/** Unit vectors at evenly spaced angles: the normals of a regular polygon's edges. */
const normals = (edges: number) =>
  Array.from({length: edges}, (_, k) => ({
    x: Math.sin((2 * Math.PI * k) / edges),
    y: Math.cos((2 * Math.PI * k) / edges),
  }));

/** The inside of all edges, so the farthest edge counts. */
function polygon(edges: number, apothem: number): Outline {
  const directions = normals(edges);
  return (x, y) => {
    let far = -Infinity;
    for (const n of directions) far = Math.max(far, n.x * x + n.y * y);
    return far - apothem;
  };
}

/**
 * A pentagram: a pentagon with its edges prolonged. Its points are outside of one edge at most, so the second farthest
 * counts.
 */
function star(): Outline {
  const directions = normals(5);
  const apothem = 0.98 * Math.cos((2 * Math.PI) / 5); // of the pentagon inside a pentagram whose tips are at 0.98
  return (x, y) => {
    let far = -Infinity;
    let second = -Infinity;
    for (const n of directions) {
      const distance = n.x * x + n.y * y;
      second = Math.max(second, Math.min(far, distance));
      far = Math.max(far, distance);
    }
    return second - apothem;
  };
}

export const outlines = {
  circle,
  square,
  triangle: polygon(3, 0.49),
  star: star(),
  ring,
  cross,
  hexagon: polygon(6, 0.8),
  crescent,
} satisfies Record<string, Outline>;

export type ShapeName = keyof typeof outlines;
export const shapeNames = Object.keys(outlines) as ShapeName[];
