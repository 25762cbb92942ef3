export {workspaceBytes} from './workspace';
export {conv2d, conv2dBackpropFilter, conv2dBackpropInput} from './conv2d';
export {matmul} from './matmul';
