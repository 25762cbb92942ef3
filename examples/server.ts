// A server that draws from a trained run: `node server.js runs/x 8080`, then http://localhost:8080/?seed=7&n=4
import {createServer, type IncomingMessage, type ServerResponse} from 'node:http';
import {encodePng, imageGrid, isGanError, loadRun} from 'gankit';

const [dir = 'runs/example', port = '0'] = process.argv.slice(2);
const run = loadRun(dir);
await run.generate(); // the first image takes longer: it opens a device

async function answer({url}: IncomingMessage, response: ServerResponse): Promise<void> {
  const {searchParams} = new URL(url ?? '/', 'http://localhost');
  const [seed, n] = [Number(searchParams.get('seed') ?? 0), Number(searchParams.get('n') ?? 1)];
  if (!Number.isSafeInteger(seed) || !Number.isInteger(n) || n < 1 || n > 64) {
    response.writeHead(400).end('seed is a whole number, n one from 1 to 64\n');
    return;
  }
  try {
    const png = await encodePng(imageGrid(await run.generate({n, seed})));
    response.writeHead(200, {'content-type': 'image/png'}).end(png);
  } catch (error) {
    response.writeHead(500).end(isGanError(error) ? `${error.code}: ${error.message}\n` : 'failed\n');
  }
}

const server = createServer((request, response) => void answer(request, response));
server.listen(Number(port), () => console.log(`http://localhost:${(server.address() as {port: number}).port}/`));
process.once('SIGTERM', () => server.close(() => void run.close()));
