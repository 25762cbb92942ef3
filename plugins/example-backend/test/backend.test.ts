import {fileURLToPath} from 'node:url';
import {testBackend} from 'gankit/testing';

/** The folder of package.json, in which `gan` finds the backend as it finds an installed one. */
const home = fileURLToPath(new URL('..', import.meta.url));

testBackend('cpu', {packages: [home]});
