/** Texts of somebody who wants a browser, a terminal or a shell to do something, and ways to put them into JSON. */

/** Script that tells that it ran, in every form in which a page may come to run it. */
const script = "window.ran=1;document.title='RAN'";

export const hostileTexts: readonly string[] = [
  `<img src=x onerror="${script}">`,
  `"><svg onload="${script}"></svg><b x="`,
  `' autofocus onfocus='${script}' x='`,
  `</script><script>${script}</script>`,
  `</style><script>${script}</script>`,
  `</title><script>${script}</script>`,
  `--><script>${script}</script><!--`,
  `javascript:${script}`,
  `<a href="javascript:${script}">x</a><iframe srcdoc="&lt;script&gt;${script}&lt;/script&gt;"></iframe>`,
  `\${${script}}{{constructor.constructor("${script}")()}}`,
  `x;background:url(javascript:${script})}*{display:none`,
  '\u001B]0;title\u0007\u001B[2J\u001B[31mred\u001B[0m\u001B[6n\u001BP1$r\u001B\\',
  '\u009B31m\u009D0;title\u009C\u0090q\u009C',
  'ab\b\b\r\n\u001B[1AError: another line\u0000\u007F\t',
  '\u202Egnp.exe\u202C \u2066x\u2069 a\u200Bb\u2060c\uFEFFd\u00ADe\u{E0041} \u2028\u2029 \uD800',
  '$(touch ran) `touch ran` ; touch ran && "touch ran" \'touch ran\' | touch ran > ran',
  '../../../../etc/passwd\u0000.png',
  '__proto__',
  'constructor',
  'toString',
  '\u{1F468}\u200D\u{1F469}\u200D\u{1F467} 日本語 e\u0301',
  'x'.repeat(3000),
];

/** What stands where a number or another kind of value belongs. */
export const hostileValues: readonly unknown[] = [
  null,
  -1,
  1e308,
  -0.5,
  true,
  [],
  {},
  [[[[1]]]],
  {toString: 1, valueOf: 'x', toJSON: '</script>'},
  ['<img src=x onerror=ran()>'],
];

/** Everything that a terminal would act on, or that nobody sees, but for line feeds. */
export const terminalOrders =
  /[\u0000-\u0009\u000B-\u001F\u007F-\u009F\u00AD\u061C\u200B\u200C\u200E\u200F\u2028-\u202E\u2060-\u206F\uFEFF\u{E0000}-\u{E0FFF}]/u;

/** The same JSON with other leaves; `at` counts them. */
export function mapLeaves(value: unknown, change: (leaf: unknown, at: number) => unknown): unknown {
  let at = 0;
  const visit = (each: unknown): unknown => {
    if (Array.isArray(each)) return each.map(visit);
    if (typeof each === 'object' && each !== null)
      return Object.fromEntries(Object.entries(each).map(([key, member]) => [key, visit(member)]));
    return change(each, at++);
  };
  return visit(value);
}

/** The same JSON with one more member in each object: a hostile name with a hostile value. */
export function addMembers(value: unknown, text: (i: number) => string): unknown {
  let i = 0;
  const visit = (each: unknown): unknown => {
    if (Array.isArray(each)) return each.map(visit);
    if (typeof each !== 'object' || each === null) return each;
    const own = Object.entries(each).map(([key, member]) => [key, visit(member)] as const);
    const [name, other] = [text(i++), text(i++)];
    return Object.fromEntries([...own, [name, typeof own[0]?.[1] === 'number' ? 0.5 : other]]);
  };
  return visit(value);
}
