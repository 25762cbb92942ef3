import {testBackend} from 'gankit/testing';
import {backendName} from '../device.js';

testBackend(backendName);
