/** What assembly/index.ts exports. Addresses are in bytes; all tensors are float32 unless said otherwise. */
export interface Native {
  workspaceBytes(): number;
  conv2d(conv: number, x: number, filter: number, y: number, workspace: number): void;
  conv2dBackpropFilter(conv: number, x: number, dy: number, dFilter: number, workspace: number): void;
  conv2dBackpropInput(conv: number, dy: number, filter: number, dx: number, workspace: number): void;
  matmul(
    a: number, transposeA: boolean, b: number, transposeB: boolean, out: number,
    m: number, n: number, k: number, workspace: number,
  ): void;
}
