/** The report's look: light and dark by the reader's preference, one column on a phone. */
export const style = `
:root { color-scheme: light dark; --back: #f6f7f9; --card: #fff; --text: #1b1f27; --muted: #5b6472; --line: #dfe3e9; --accent: #2459c4; --critic: #2a6fdb; --generator: #cc5200; --metric: #16855b; --bad: #b3261e; }
@media (prefers-color-scheme: dark) { :root { --back: #14161b; --card: #1d2027; --text: #e7eaf0; --muted: #a3acba; --line: #343944; --accent: #8ab4ff; --critic: #6aa5ff; --generator: #ff9c5a; --metric: #4cc792; --bad: #ff9d94; } }
* { box-sizing: border-box; }
[hidden] { display: none !important; }
body { margin: 0 auto; max-width: 70rem; padding: 1.2rem clamp(0.8rem, 3vw, 2rem) 3rem; background: var(--back); color: var(--text); font: 15px/1.5 system-ui, sans-serif; }
h1, h2, h3, p, dl, dd, ul, figure { margin: 0; padding: 0; }
h1 { font-size: 1.7rem; line-height: 1.2; overflow-wrap: anywhere; }
h2 { font-size: 1.1rem; margin-bottom: 0.6rem; }
h3 { font-size: 0.95rem; color: var(--text); }
code { font: 0.92em ui-monospace, monospace; }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
header > p, .note, figcaption p, figcaption, dt, .at, summary { color: var(--muted); }
header dl { display: flex; flex-wrap: wrap; gap: 0.5rem 2rem; margin: 0.9rem 0 1.2rem; }
dt { font-size: 0.82rem; }
dd { font-variant-numeric: tabular-nums; overflow-wrap: anywhere; }
header dd { font-size: 1.15rem; font-weight: 600; }
section { background: var(--card); border: 1px solid var(--line); border-radius: 10px; padding: 1rem clamp(0.8rem, 2vw, 1.3rem) 1.2rem; margin-bottom: 1rem; }
.small { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 22rem), 1fr)); gap: 1.2rem; }
.small:not(:empty) { margin-top: 2.4rem; }
figcaption p { font-size: 0.85rem; }
.legend { display: flex; flex-wrap: wrap; gap: 0.1rem 1.2rem; list-style: none; margin: 0.3rem 0 0.7rem; font-variant-numeric: tabular-nums; }
.legend i { display: inline-block; width: 1.1em; height: 3px; border-radius: 2px; margin-right: 0.45em; vertical-align: 0.25em; }
.plot { position: relative; margin: 0.6rem 0.9rem 1.6rem 3.6rem; }
.area { position: absolute; inset: 0; cursor: crosshair; touch-action: pan-y; }
.plot svg { position: absolute; width: 100%; height: 100%; overflow: hidden; }
.plot path { vector-effect: non-scaling-stroke; }
.grid { stroke: var(--line); stroke-width: 1; fill: none; }
.band { opacity: 0.16; }
.line { fill: none; stroke-width: 2; stroke-linejoin: round; }
.mark { position: absolute; top: 0; bottom: 0; border-left: 2px solid var(--bad); background: color-mix(in srgb, var(--bad) 7%, transparent); }
.findings { display: grid; gap: 0.5rem; list-style: none; }
.findings li { border-left: 3px solid var(--bad); padding-left: 0.7rem; overflow-wrap: anywhere; }
.cursor { position: absolute; top: 0; bottom: 0; width: 1px; background: var(--muted); pointer-events: none; }
.x, .y { position: absolute; color: var(--muted); font-size: 0.78rem; line-height: 1; font-variant-numeric: tabular-nums; }
.y { right: calc(100% + 0.5rem); transform: translateY(-50%); }
.x { top: calc(100% + 0.5rem); transform: translateX(-50%); }
.controls { display: flex; align-items: center; gap: 0.8rem; margin: 0.6rem 0; max-width: 40rem; }
.controls input { flex: 1; min-width: 0; accent-color: var(--accent); min-height: 2rem; }
.controls output { min-width: 7.5rem; font-variant-numeric: tabular-nums; }
button { font: inherit; min-width: 2.6rem; min-height: 2.2rem; border: 1px solid var(--line); border-radius: 7px; background: var(--back); color: var(--accent); cursor: pointer; }
.grids { display: grid; gap: 1rem; }
.beside { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 22rem), 1fr)); gap: 1.2rem; align-items: end; }
.real figcaption { margin-bottom: 0.6rem; }
.grids img, .real img { display: block; width: min(100%, 40rem); height: auto; border-radius: 6px; image-rendering: pixelated; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { text-align: left; padding: 0.3rem 1rem 0.3rem 0; border-bottom: 1px solid var(--line); vertical-align: top; }
th { color: var(--muted); font-weight: 500; font-size: 0.85rem; white-space: nowrap; }
#epochs td { white-space: nowrap; }
#configuration td { overflow-wrap: anywhere; }
#configuration td:last-child { color: var(--muted); }
summary { cursor: pointer; padding: 0.6rem 0 0.2rem; }
.facts { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 15rem), 1fr)); gap: 0.5rem 1.5rem; margin-top: 0.4rem; }
article + article { margin-top: 1rem; padding-top: 1rem; border-top: 1px solid var(--line); }
@media (max-width: 480px) { body { padding-top: 0.9rem; } .plot { margin-left: 3rem; } .controls output { min-width: 6.2rem; } }
@media print { .controls { display: none; } section { break-inside: avoid; } }
`;
