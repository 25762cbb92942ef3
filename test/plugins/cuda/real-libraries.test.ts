/** NVIDIA's own libraries, where they are (GAN_CUDA_LIBS, a Python environment, a toolkit): all that needs no card. */
import {expect} from 'chai';
import '../../../plugins/cuda/src/dnn/kernels.js'; // has sources, too
import {Nvrtc} from '../../../plugins/cuda/src/compile/nvrtc.js';
import {sources} from '../../../plugins/cuda/src/kernels/index.js';
import {chooseLibraries, findLibraries} from '../../../plugins/cuda/src/libraries/find.js';
import {checkDnn} from '../../../plugins/cuda/src/dnn/descriptors.js';
import {loadLibraries} from '../../../plugins/cuda/src/libraries/load.js';
import {thisMachine} from '../../../plugins/cuda/src/libraries/machine.js';
import {addressOf, loadLibrary} from '../../../plugins/cuda/src/native/koffi.js';

describe("cuda: NVIDIA's libraries themselves", function () {
  this.timeout(300_000);
  const chosen = chooseLibraries(findLibraries(thisMachine()), [13, 12]);
  before(function () {
    if (!('missing' in chosen)) return;
    console.log(`      skipped: there is no ${chosen.missing.join(', ')}`);
    this.skip();
  });
  const load = () => loadLibraries(chosen as Exclude<typeof chosen, {missing: unknown}>, loadLibrary);

  it('load, have all the functions, and are for one CUDA', () => {
    const {blas, dnn, nvrtc} = load();
    const compiler = new Nvrtc(nvrtc, addressOf);
    expect(
      [
        Number(blas.cublasLtGetVersion()) / 1e4,
        Number(dnn.cudnnGetCudartVersion()) / 1e3,
        Number(compiler.version),
      ].map(Math.floor),
    ).to.deep.equal([chosen.cuda, chosen.cuda, chosen.cuda]);
    expect(blas.cublasLtGetStatusString(0)).to.be.a('string').and.not.equal('');
    expect(dnn.cudnnGetErrorString(0)).to.equal('CUDNN_STATUS_SUCCESS');
  });

  it('cuDNN says what a failure is about', () => {
    const {dnn} = load();
    const at = new BigUint64Array(1);
    checkDnn(dnn, 'cudnnCreateTensorDescriptor', dnn.cudnnCreateTensorDescriptor(at));
    expect(() =>
      checkDnn(dnn, 'cudnnSetTensor4dDescriptor', dnn.cudnnSetTensor4dDescriptor(at[0]!, 1, 0, -1, 1, 1, 1)),
    ).to.throw(/CUDNN_STATUS_BAD_PARAM: .+ \(\d+\)$/);
    checkDnn(dnn, 'cudnnDestroyTensorDescriptor', dnn.cudnnDestroyTensorDescriptor(at[0]!));
  });

  it('NVRTC compiles the kernels for an H100, without any header, and says what does not compile', () => {
    const compiler = new Nvrtc(load().nvrtc, addressOf);
    const target = compiler.targetFor(90)!;
    expect(target).to.deep.equal({option: 'sm_90', form: 'cubin'});
    const files = [...new Map(sources.map((source) => [source.name.split('/')[0]!, source])).values()];
    for (const source of files)
      expect(Buffer.from(compiler.compile(source, target).subarray(0, 4)).toString('latin1'), source.name).to.equal(
        '\x7fELF',
      );
    expect(() => compiler.compile({name: 'broken', text: 'int f() { return x; }'}, target))
      .to.throw('broken does not compile')
      .with.property('message')
      .that.contains('"x" is undefined');
    const ptx = compiler.compile(files[0]!, {option: 'compute_90', form: 'ptx'});
    expect(ptx.at(-1)).to.equal(0);
    expect(Buffer.from(ptx).toString()).to.contain('.visible .entry');
  });
});
