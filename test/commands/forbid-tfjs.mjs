// Makes loading tfjs, or what is built on it, an error. For `node --import`.
import Module, {register} from 'node:module';

const heavy =
  /[\\/]@tensorflow[\\/]|[\\/]dist[\\/]vendor[\\/]tf-|[\\/]dist[\\/]joined[\\/].*tfjs-core.*|[\\/]dist[\\/]gan[\\/](learner|nn|module)\.js$/;

const hook = `
const heavy = ${heavy};
export async function load(url, context, next) {
  if (heavy.test(url)) throw new Error('FORBIDDEN ' + url);
  return next(url, context);
}`;
register(`data:text/javascript,${encodeURIComponent(hook)}`);

const load = Module._load;
Module._load = function (request, parent, ...rest) {
  if (request.includes('@tensorflow/')) throw new Error(`FORBIDDEN ${request}`);
  return load.call(this, request, parent, ...rest);
};
