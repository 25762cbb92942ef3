/** What the library brings for data sources and their metrics. */
export {idxSource, readIdxSet} from './idx-set.js';
export {arePoints, assertPoints, countModes, mixtureOf, mixtures, pointsSource} from './points.js';
export {shapesSource} from './shapes.js';
export {emoji, sheetSource} from './sheet.js';
