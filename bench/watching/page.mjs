// A page of `gan ui` as far as the server and the machine notice: it takes the stream of events, watches the run that
// appears, and gets each sample grid when it is told of it. A process of its own; `node page.mjs URL`, ends when its
// parent disconnects.
const url = process.argv[2];
const seen = {points: 0, grids: 0};

/** The events of a stream, as EventSource would give them. */
async function* events(query) {
  const response = await fetch(`${url}api/events${query}`);
  let text = '';
  for await (const chunk of response.body.pipeThrough(new TextDecoderStream())) {
    text += chunk;
    for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
      const [, event, data] = /^event: (\w+)\ndata: (.*)$/m.exec(text.slice(0, end)) ?? [];
      text = text.slice(end + 2);
      if (event) yield {event, data: JSON.parse(data)};
    }
  }
}

async function firstRun() {
  for await (const {event, data} of events('')) if (event === 'runs' && data.length > 0) return data[0].name;
}

async function get(address) {
  await (await fetch(new URL(address, url))).arrayBuffer();
}

process.on('message', () => process.send(seen));
process.on('disconnect', () => process.exit());
for (const address of ['/', '/page.js', '/page.css', '/icon.svg', '/api/about']) await get(address);
process.send('open');
const run = await firstRun();
let shown = -1;
for await (const {event, data} of events(`?run=${run}`)) {
  if (event === 'curves') for (const {steps} of Object.values(data.curves)) seen.points += steps.length;
  const newest = event === 'run' ? (data.samples.at(-1) ?? -1) : -1;
  if (newest <= shown) continue;
  shown = newest;
  await get(`/api/sample?${new URLSearchParams({run, step: String(newest)})}`);
  seen.grids++;
}
