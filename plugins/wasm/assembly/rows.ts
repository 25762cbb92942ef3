/**
 * Where the rows of a product go: the pixels of a grid laid over each image of a batch. A matrix is a grid of one
 * column.
 */
@unmanaged
export class Rows {
  data: usize;
  /** Grid positions in one image: down, across. */
  height: i32;
  width: i32;
  /** Bytes from one image, grid row and grid column to the next. */
  imageBytes: i32;
  rowBytes: i32;
  columnBytes: i32;

  /** Rows of a dense matrix, `bytes` long each. */
  setMatrix(data: usize, bytes: i32): void {
    this.setGrid(data, 1, 1, bytes, 0, 0);
  }

  setGrid(data: usize, height: i32, width: i32, imageBytes: i32, rowBytes: i32, columnBytes: i32): void {
    this.data = data;
    this.height = height;
    this.width = width;
    this.imageBytes = imageBytes;
    this.rowBytes = rowBytes;
    this.columnBytes = columnBytes;
  }

  /** Writes the addresses of rows `first` to `first + count`, four bytes each. */
  addresses(to: usize, first: i32, count: i32): void {
    let x = first % this.width;
    let y = (first / this.width) % this.height;
    let image = first / this.width / this.height;
    for (let i = 0; i < count; i++, to += 4) {
      store<usize>(to, this.data + image * this.imageBytes + y * this.rowBytes + x * this.columnBytes);
      if (++x == this.width) {
        x = 0;
        if (++y == this.height) {
          y = 0;
          image++;
        }
      }
    }
  }
}
