import {testBackend} from 'gan/testing';
import {backendName} from '../device.js';

testBackend(backendName);
