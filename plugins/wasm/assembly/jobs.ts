import {affineSampleChunk, affineSampleTransposeChunk} from './affine-sample-chunk';
import {arithmeticChunk} from './arithmetic-chunk';
import {batchGradChunk, batchGradSumsChunk, batchMomentsChunk, batchNormalizeChunk} from './batch-norm-chunks';
import {colorMapChunk} from './color-map-chunk';
import {multiplyMatrix, multiplyPositions, multiplyTaps, packMatrix, packTaps} from './gemm-chunks';
import {depthwiseConvChunk, depthwiseFilterChunk} from './depthwise-chunks';
import {groupedConvChunk, groupedFilterChunk, packGroupChunk} from './grouped-chunks';
import {Job} from './job';
import {transformFilterChunk} from './minimal-filter';
import {accumulateTapsChunk, transformGradientChunk, transformTapsChunk} from './minimal-gradient';
import {multiplyTilesChunk, transformTilesChunk} from './minimal-product';
import {pixelNormChunk, pixelNormGradChunk} from './pixel-norm-chunks';
import {Pool} from './pool';
import {resampleChunk} from './resample-chunk';
import {scatterChunk} from './scatter-chunk';
import {Scratch} from './scratch';
import {shuffleChunk} from './shuffle-chunk';
import {updateChunk} from './update-chunk';

/** Performs one chunk on the calling thread. A table of functions would need static data. */
export function perform(job: i32, chunk: i32, pool: Pool, scratch: Scratch): void {
  switch (job) {
    case Job.PackMatrix: return packMatrix(chunk, pool, scratch);
    case Job.PackTaps: return packTaps(chunk, pool, scratch);
    case Job.MultiplyMatrix: return multiplyMatrix(chunk, pool, scratch);
    case Job.MultiplyPositions: return multiplyPositions(chunk, pool, scratch);
    case Job.MultiplyTaps: return multiplyTaps(chunk, pool, scratch);
    case Job.TransformFilter: return transformFilterChunk(chunk, pool, scratch);
    case Job.TransformTiles: return transformTilesChunk(chunk, pool, scratch);
    case Job.MultiplyTiles: return multiplyTilesChunk(chunk, pool, scratch);
    case Job.TransformGradient: return transformGradientChunk(chunk, pool, scratch);
    case Job.AccumulateTaps: return accumulateTapsChunk(chunk, pool, scratch);
    case Job.TransformTaps: return transformTapsChunk(chunk, pool, scratch);
    case Job.BatchMoments: return batchMomentsChunk(chunk, pool);
    case Job.BatchNormalize: return batchNormalizeChunk(chunk, pool);
    case Job.BatchGradSums: return batchGradSumsChunk(chunk, pool);
    case Job.BatchGrad: return batchGradChunk(chunk, pool);
    case Job.Update: return updateChunk(chunk, pool);
    case Job.Scatter: return scatterChunk(chunk, pool, scratch);
    case Job.AffineSample: return affineSampleChunk(chunk, pool);
    case Job.AffineSampleTranspose: return affineSampleTransposeChunk(chunk, pool);
    case Job.ColorMap: return colorMapChunk(chunk, pool);
    case Job.Resample: return resampleChunk(chunk, pool, scratch);
    case Job.Shuffle: return shuffleChunk(chunk, pool);
    case Job.PackGroup: return packGroupChunk(chunk, pool);
    case Job.GroupedConv: return groupedConvChunk(chunk, pool, scratch);
    case Job.GroupedFilter: return groupedFilterChunk(chunk, pool, scratch);
    case Job.DepthwiseConv: return depthwiseConvChunk(chunk, pool, scratch);
    case Job.DepthwiseFilter: return depthwiseFilterChunk(chunk, pool);
    case Job.Arithmetic: return arithmeticChunk(chunk, pool);
    case Job.PixelNorm: return pixelNormChunk(chunk, pool);
    case Job.PixelNormGrad: return pixelNormGradChunk(chunk, pool);
  }
}
