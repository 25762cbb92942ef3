/** The kit finds what is wrong: each fault is made on purpose, on tfjs's plain JavaScript backend. */
import '@tensorflow/tfjs-backend-cpu';
import {expect} from 'chai';
import {openBackend, tf, type Device, type Tensor} from 'gankit';
import {
  groups,
  installedBackend,
  runCheck,
  runConformance,
  selectChecks,
  testBackend,
  type Check,
  type CheckResult,
  type Session,
  type Subject,
  type TestContext,
} from 'gankit/testing';
import {ganError} from '../plugin/helpers.js';

/** tfjs-backend-cpu as a device; it cannot be opened twice, so that closing does nothing. */
async function openCpu(): Promise<Device> {
  await tf.setBackend('cpu');
  return {
    name: 'cpu',
    tfBackend: 'cpu',
    info: {threads: 1},
    sync: async () => {},
    close: async () => {},
    memory: () => ({bytes: tf.memory().numBytes, tensors: tf.memory().numTensors}),
  };
}
const cpu: Subject = {name: 'cpu', open: openCpu};

/** Runs some checks with a kernel replaced by another that is given the right one's result. */
async function withKernel(name: string, change: (values: Float32Array) => void, only: string): Promise<CheckResult[]> {
  const right = tf.getKernel(name, 'cpu');
  tf.unregisterKernel(name, 'cpu');
  tf.registerKernel({
    ...right,
    kernelFunc: (call) => {
      const out = right.kernelFunc(call) as ReturnType<typeof tf.tensor>;
      change((call.backend as {readSync(id: object): Float32Array}).readSync(out.dataId));
      return out;
    },
  });
  try {
    return await runConformance(cpu, {only});
  } finally {
    tf.unregisterKernel(name, 'cpu');
    tf.registerKernel(right);
  }
}

const states = (results: CheckResult[]) => results.map(({state}) => state);
const passing: Check = {group: 'state', title: 'passes', run: async () => [{what: 'x', value: 0.5, bound: 1}]};
const failing: Check = {group: 'state', title: 'fails', run: async () => [{what: 'x', value: 2, bound: 1}]};
const session: Session = {subject: cpu, recordings: '', device: openCpu, close: async () => {}};

describe('the conformance kit', () => {
  describe('finds', () => {
    it('a kernel that is wrong in one value by a ten-thousandth', async () => {
      const results = await withKernel('Tanh', (values) => (values[0]! *= 1.0001), 'tanh: values');
      expect(states(results)).to.deep.equal(['failed']);
      expect(results[0]!.why).to.match(/deviation .*e-5, allowed 2\.0e-5/);
    });

    it('a convolution whose last row is missing', async () => {
      const results = await withKernel('Conv2D', (values) => values.fill(0, -2), 'convolution 2-D 3x3/2, a row');
      expect(states(results)).to.deep.equal(['failed', 'failed', 'failed']);
    });

    it('an operation that loses NaN', async () => {
      const lose = (values: Float32Array): void => values.forEach((value, i) => (values[i] = value || 0));
      const results = await withKernel('Relu6', lose, 'denormals: relu6');
      expect(results).to.have.length(1);
      expect(results[0]).to.include({state: 'failed', why: 'of NaN it is 0, wanted NaN'});
    });

    it('NaN, which compares with nothing', async () => {
      const [result] = await withKernel('Sqrt', (values) => (values[3] = NaN), 'sqrt: values');
      expect(result).to.include({state: 'failed', why: 'values: deviation Infinity, allowed 1.0e-6'});
    });

    it("a gradient that is upstream's own fault", async () => {
      const right = tf.getGradient('Tanh');
      tf.unregisterGradient('Tanh');
      // what tfjs has: the saved output is a constant to the second derivative
      tf.registerGradient({
        kernelName: 'Tanh',
        outputsToSave: [true],
        gradFunc: (dy, [y]) => ({x: () => tf.mul(tf.sub(1, tf.square(y!)), dy as Tensor)}),
      } as Parameters<typeof tf.registerGradient>[0]);
      try {
        const results = [
          ...(await runConformance(cpu, {only: 'tanh: '})),
          ...(await runConformance(cpu, {only: 'WGAN-GP: interpolated images, tanh critic'})),
        ];
        expect(results.map(({group, state}) => `${group} ${state}`)).to.deep.equal([
          'operations passed',
          'gradients passed',
          'second-order failed',
          'penalties failed',
        ]);
      } finally {
        tf.unregisterGradient('Tanh');
        tf.registerGradient(right);
      }
    });

    it('tensors that are left', async () => {
      const kept: {dispose(): void}[] = [];
      const leaking: Subject = {
        name: 'cpu',
        open: async () => ({...(await openCpu()), sync: async () => void kept.push(tf.keep(tf.scalar(1)))}),
      };
      const [result] = await runConformance(leaking, {only: 'twenty training steps'});
      kept.forEach((tensor) => tensor.dispose());
      expect(result).to.include({state: 'failed', why: '20 tensors more after 20 steps'});
    });

    it('another training', async () => {
      const [result] = await withKernel(
        'LeakyRelu',
        (values) => values.forEach((value, i) => (values[i] = value * 1.01)),
        'steps as recorded',
      );
      expect(result!.state).to.equal('failed');
      expect(result!.why).to.contain('losses: deviation');
    });

    it('a process that does not end well', async () => {
      const module = `data:text/javascript,${encodeURIComponent("export default () => { throw new Error('no adapter'); }")}`;
      const [result] = await runConformance({...cpu, process: {module, argument: null}}, {only: 'ends by itself'});
      expect(result!.state).to.equal('failed');
      expect(result!.why).to.contain('code 1').and.contain('no adapter');
    });

    it('errors that leave something, or are none', async () => {
      const errors = selectChecks({only: 'errors'});
      expect(errors.map(({title}) => title)).to.include('matrices that do not fit are refused');
      const leaking: Session = {
        ...session,
        device: async () => ({
          ...(await openCpu()),
          memory: (() => {
            let tensors = 0;
            return () => ({bytes: 0, tensors: tensors++});
          })(),
        }),
      };
      expect((await runCheck(errors[0]!, leaking)).why).to.equal('1 tensors are left');
    });
  });

  /**
   * All but the recorded trainings, which take minutes; the example backend, of the same plain JavaScript, goes through
   * them.
   */
  it('gives the plain JavaScript backend full marks, without another process', async () => {
    // these are among the example backend's own tests
    const short = groups.filter((group) => group !== 'golden' && group !== 'training');
    const results: CheckResult[] = [];
    for (const only of short) results.push(...(await runConformance(cpu, {only})));
    expect(results.filter(({state}) => state !== 'passed').map(({title, why}) => `${title}: ${why}`)).to.deep.equal([
      'a lost device says so at once, whatever is asked of it, and can be opened again: nothing can make this device be lost',
      'a process that closed it ends by itself: nothing says how another process can open it',
    ]);
    expect(new Set(results.map(({group}) => group))).to.deep.equal(new Set(short));
  }).timeout(300_000);

  it('has a title for each check that no other has', () => {
    const titles = selectChecks({}).map(({title}) => title);
    expect(titles).to.have.length.above(300);
    expect(new Set(titles).size).to.equal(titles.length);
  });

  it('says that there are no recordings in a folder', async () => {
    const [result] = await runConformance(cpu, {only: 'golden', recordings: '/nowhere'});
    expect(result).to.include({state: 'skipped', why: 'there are no recordings in /nowhere'});
  });

  it('refuses names that fit nothing', async () => {
    expect(await ganError(() => runConformance(cpu, {only: 'nothing of the kind'}))).to.include({
      code: 'GAN_USAGE',
      exitCode: 2,
    });
    expect((await ganError(() => runConformance(cpu, {exempt: {'tanh: valuse': 'x'}}))).message).to.contain(
      'tanh: valuse',
    );
  });

  it('opens a backend that is installed, as gan does', async () => {
    const error = await ganError(() => runConformance(installedBackend({name: 'nonsense'})));
    expect(error.code).to.equal('GAN_UNKNOWN_PART');
  });

  describe('an exemption', () => {
    it('excuses a failure, with its reason', async () => {
      expect(await runCheck(failing, session, {fails: 'the driver rounds'})).to.deep.include({
        state: 'exempt',
        why: 'the driver rounds (x: deviation 2.0e+0, allowed 1.0e+0)',
      });
    });
    it('fails when the check passes', async () => {
      const result = await runCheck(passing, session, {passes: 'once it did not'});
      expect(result.state).to.equal('failed');
      expect(result.why).to.contain('remove the exemption');
    });
    it('is for its title only', async () =>
      expect((await runCheck(failing, session, {passes: 'x'})).state).to.equal('failed'));
  });

  it('testBackend makes a suite of it: passes, fails, says what is skipped or exempt', async () => {
    const tests: {title: string; body: (this: TestContext) => Promise<void>}[] = [];
    const suites: string[] = [];
    testBackend('cpu', {
      open: openCpu,
      only: 'ends by itself',
      runner: {
        describe: (title, body) => (suites.push(title), body()),
        it: (title, body) => tests.push({title, body}),
        after: () => {},
      },
    });
    expect(suites).to.deep.equal(['the backend cpu', 'lifecycle']);
    let skipped = false;
    const context = {test: {title: tests[0]!.title}, skip: () => void (skipped = true), timeout: () => {}};
    await tests[0]!.body.call(context);
    expect(skipped).to.equal(true);
    expect(context.test.title).to.equal(
      'a process that closed it ends by itself (skipped: nothing says how another process can open it)',
    );
  });

  it('leaves the device that others opened alone', async () => {
    const device = await openBackend('wasm');
    expect(tf.getBackend()).to.equal('wasm');
    await device.close();
  });
});
