import {expect} from 'chai';
import {readFileSync, readdirSync, symlinkSync} from 'node:fs';
import path from 'node:path';
import {hubAddress, repositoryName} from '../../dist/cli/hub/address.js';
import {pushFolder, type PushRequest, type Pushed} from '../../dist/cli/hub/push.js';
import {hubToken} from '../../dist/cli/hub/token.js';
import type {GanError} from '../../dist/errors.js';
import {tinyFlags} from '../e2e/helpers.js';
import {ganError} from '../gan-error.js';
import {folder, removeFolders, write} from '../plugin/helpers.js';
import {gan} from './helpers.js';
import {HubServer, reply} from './hub-server.js';

const exitCodes = {usage: 2, config: 3, backend: 4, data: 5, diverged: 6};
const facts = ({code, kind}: GanError): string => `${code} ${exitCodes[kind]}`;

describe('gan push', function () {
  this.timeout(60_000);
  let server: HubServer;
  let model: string;
  before(() => {
    model = folder();
    write(model, {
      'README.md': '---\nlicense: mit\n---\n',
      'config.json': '{}',
      'model.safetensors': 'x'.repeat(300_000),
      'sub/notes.txt': 'notes é\n',
      '.env': 'SECRET=1',
      '.git/config': 'x',
    });
    const outside = folder();
    write(outside, {'secret.txt': 'secret'});
    symlinkSync(path.join(outside, 'secret.txt'), path.join(model, 'link.txt'));
  });
  beforeEach(async () => void (server = await new HubServer().start()));
  afterEach(() => server.stop());
  after(removeFolders);

  const push = ({hub = server.url, ...more}: Partial<PushRequest> = {}): Promise<Pushed> =>
    pushFolder(model, {
      repository: 'me/shapes',
      hub,
      token: {value: 'hf_right', origin: 'HF_TOKEN'},
      private: false,
      message: 'Send shapes',
      timeout: 20,
      ...more,
    });
  const sent = ['README.md', 'config.json', 'model.safetensors', 'sub/notes.txt'];
  const wanted = (): Map<string, Buffer> => new Map(sent.map((name) => [name, readFileSync(path.join(model, name))]));

  it('makes the repository and sends all files, byte for byte, but nothing hidden or linked', async () => {
    const pushed = await push({private: true});
    const there = server.repositories.get('me/shapes')!;
    expect(there.isPrivate).to.equal(true);
    expect([...there.files.keys()].sort()).to.deep.equal(sent);
    for (const [name, bytes] of wanted()) expect(there.files.get(name)!.equals(bytes), name).to.equal(true);
    expect(there.commits).to.deep.equal(['Send shapes']);
    expect(pushed).to.include({url: `${server.url}/me/shapes`, isNew: true});
    expect(pushed.commit).to.match(/^[\da-f]{40}$/);
    const uploads = server.asked.filter(({method}) => method === 'PUT');
    expect(
      uploads.map(({authorization}) => authorization),
      'the storage gets no token',
    ).to.deep.equal([undefined]);
  });

  it('sends large files once, and follows a repository that is there', async () => {
    await push();
    const {isNew} = await push({message: 'Again'});
    expect(isNew).to.equal(false);
    expect(server.asked.filter(({method}) => method === 'PUT')).to.have.length(1);
    expect(server.repositories.get('me/shapes')!.commits).to.deep.equal(['Send shapes', 'Again']);
  });

  it('does not make public what is to be private', async () => {
    await push();
    const error = await ganError(() => push({private: true}));
    expect(facts(error)).to.equal('GAN_HUB_PUBLIC 2');
    expect(server.repositories.get('me/shapes')!.commits).to.have.length(1);
    server.repositories.get('me/shapes')!.isPrivate = true;
    expect((await push({private: true})).isNew).to.equal(false);
  });

  const wrong = {value: 'hf_wrong', origin: 'HF_TOKEN'};
  const answers: [
    what: string,
    request: Partial<PushRequest>,
    at: RegExp | undefined,
    status: number,
    wanted: string,
  ][] = [
    ['a wrong token', {token: wrong}, undefined, 401, 'GAN_HUB_TOKEN 3'],
    ["somebody else's name", {repository: 'stranger/x'}, undefined, 403, 'GAN_HUB_FORBIDDEN 3'],
    ['no right to write', {}, /preupload/, 403, 'GAN_HUB_FORBIDDEN 3'],
    ['a hub that does not know the address', {}, /create/, 404, 'GAN_HUB_NOT_FOUND 2'],
    ['a repository that is gone', {}, /preupload/, 404, 'GAN_HUB_NOT_FOUND 2'],
    ['files that the hub refuses', {}, /commit/, 400, 'GAN_HUB_REFUSED 5'],
    ['a commit of somebody else meanwhile', {}, /commit/, 412, 'GAN_HUB_CONFLICT 5'],
    ['too many requests', {}, /preupload/, 429, 'GAN_HUB_BUSY 5'],
    ['a hub that is broken', {}, /batch/, 503, 'GAN_HUB_UNREACHABLE 5'],
    ['a storage that is full', {}, /^\/[\da-f]{64}$/, 507, 'GAN_HUB_UNREACHABLE 5'],
  ];
  for (const [what, request, at, status, code] of answers)
    it(`tells of ${what} (${status}), and never shows the token`, async () => {
      server.fault = (asked, response) => {
        if (!at?.test(asked.path)) return false;
        reply(response, status, {error: `no: ${asked.authorization}`}); // a server that shows what it got
        return true;
      };
      const error = await ganError(() => push(request));
      expect(facts(error), error.message).to.equal(code);
      const all = JSON.stringify([
        error.message,
        error.suggestions,
        error.stack,
        String((error.cause as Error).message),
      ]);
      expect(all).to.not.match(/hf_(right|wrong)/);
      expect(server.repositories.get('me/shapes')?.files.size ?? 0).to.equal(0);
    });

  it('says what became of the upload at each stage', async () => {
    const told: string[] = [];
    for (const at of [/create/, /preupload/, /commit/]) {
      server.fault = ({path: asked}, response) => at.test(asked) && (response.destroy(), true);
      const error = await ganError(() => push());
      expect(facts(error), error.message).to.equal('GAN_HUB_UNREACHABLE 5');
      expect(error.message).to.contain('the connection was broken off');
      told.push(error.suggestions.join(' '));
    }
    expect(told[0]).to.contain('Nothing was sent');
    expect(told[1]).to.contain('Nothing of this upload is in the repository');
    expect(told[2]).to.contain(`Look whether the commit has arrived: ${server.url}/me/shapes/commits/main`);
  });

  it('gives up when there is no answer', async () => {
    server.fault = ({path: asked}) => /preupload/.test(asked); // and says nothing
    const error = await ganError(() => push({timeout: 0.2}));
    expect(facts(error)).to.equal('GAN_HUB_TIMEOUT 5');
    expect(error.suggestions[0]).to.contain('--timeout');
  });

  it('tells when nothing answers, and when something else than a hub does', async () => {
    const gone = server.url;
    await server.stop();
    const none = await ganError(() => push({hub: gone}));
    expect([facts(none), none.message]).to.deep.equal([
      'GAN_HUB_UNREACHABLE 5',
      `${gone} cannot be reached: nothing answers at that address`,
    ]);
    server = await new HubServer().start();
    server.fault = (_, response) => (
      response.writeHead(200, {'content-type': 'text/html'}).end('<h1>Hello</h1>'),
      true
    );
    const other = await ganError(() => push());
    expect(facts(other), other.message).to.equal('GAN_HUB_REFUSED 5');
  });

  it('as a command: a run is exported, sent, and can be drawn from after it was fetched', async () => {
    const cwd = folder();
    const run = async (args: string[], env: Record<string, string> = {}) => gan(args, {cwd, env});
    expect(
      (await run(['fit', ...tinyFlags, '--steps', '6', '--backend', 'wasm', '--out', 'runs/tiny', '--quiet'])).code,
    ).to.equal(0);
    const env = {HF_TOKEN: server.token, HF_ENDPOINT: server.url};
    const flags = ['--license', 'mit', '--backend', 'wasm'];
    const pushed = await run(['push', 'tiny', 'me/tiny', ...flags, '--private', '--json'], env);
    expect(pushed.code, pushed.stderr + pushed.stdout).to.equal(0);
    expect(JSON.parse(pushed.stdout)).to.include({repository: 'me/tiny', url: `${server.url}/me/tiny`, isNew: true});
    const {files} = server.repositories.get('me/tiny')!;
    expect((await run(['export', 'tiny', '--format', 'hub', ...flags, '--out', 'made'])).code).to.equal(0);
    expect([...files.keys()].sort()).to.deep.equal(readdirSync(path.join(cwd, 'made')).sort());
    for (const [name, bytes] of files)
      expect(bytes.equals(readFileSync(path.join(cwd, 'made', name))), name).to.equal(true);
    const other = await run(['push', 'made', 'me/tiny', '--license', 'mit'], env);
    expect([other.code, /--license is for runs/.test(other.stderr)], other.stderr).to.deep.equal([2, true]);
    const refused = await run(['push', 'made', 'stranger/tiny'], {HF_TOKEN: 'hf_wrong', HF_ENDPOINT: server.url});
    expect(refused.code).to.equal(3);
    expect(refused.stderr)
      .to.match(/GAN_HUB_TOKEN/)
      .and.not.contain('hf_wrong');
  });
});

describe('the token of the hub', () => {
  after(removeFolders);
  it('is HF_TOKEN, or in the file that the programs of the hub write', async () => {
    const home = folder();
    write(home, {token: 'hf_file\n', other: 'hf_other'});
    expect(await hubToken({HF_TOKEN: ' hf_given\n', HF_HOME: home})).to.deep.equal({
      value: 'hf_given',
      origin: 'HF_TOKEN',
    });
    expect(await hubToken({HF_HOME: home})).to.deep.equal({value: 'hf_file', origin: path.join(home, 'token')});
    expect((await hubToken({HF_HOME: home, HF_TOKEN_PATH: path.join(home, 'other')})).value).to.equal('hf_other');
    expect(await hubToken({XDG_CACHE_HOME: home}).catch((error: GanError) => error.message)).to.contain(
      path.join(home, 'huggingface', 'token'),
    );
  });

  it('is not shown when it is none', async () => {
    const error = await ganError(() => hubToken({HF_TOKEN: 'password123'}));
    expect(facts(error)).to.equal('GAN_HUB_TOKEN 3');
    expect(JSON.stringify([error.message, error.suggestions])).to.not.contain('password123');
  });
});

describe('addresses of the hub', () => {
  it('are --endpoint, HF_ENDPOINT or the public one', () => {
    expect(hubAddress(undefined, {})).to.equal('https://huggingface.co');
    expect(hubAddress(undefined, {HF_ENDPOINT: 'https://hub.example.org/x/'})).to.equal('https://hub.example.org/x');
    expect(hubAddress('http://127.0.0.1:8080', {HF_ENDPOINT: 'https://x.org'})).to.equal('http://127.0.0.1:8080');
  });

  it('are refused where the token would travel unencrypted, or where they are none', async () => {
    for (const text of [
      'http://example.org',
      'ftp://x.org',
      'x',
      'https://me:pw@x.org',
      'https://x.org/?a=1',
      'http://127.0.0.1.evil.org',
    ])
      expect(facts(await ganError(() => hubAddress(text))), text).to.equal('GAN_HUB_ENDPOINT 2');
  });

  it('name repositories as OWNER/NAME', async () => {
    for (const name of ['me/x', 'My-Org/shapes_1.0']) expect(repositoryName(name)).to.equal(name);
    for (const name of ['x', 'a/b/c', '/x', 'x/', '../x', 'a/..', 'a/b?c', 'a/b.git', 'a/x--y', 'a b/c'])
      expect(facts(await ganError(() => repositoryName(name))), name).to.equal('GAN_USAGE 2');
  });
});
