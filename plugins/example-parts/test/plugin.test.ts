import {fileURLToPath} from 'node:url';
import {testPlugin} from 'gankit/testing';

/** The folder of package.json: every part that it declares is tested, as its kind demands. */
testPlugin(fileURLToPath(new URL('..', import.meta.url)));
