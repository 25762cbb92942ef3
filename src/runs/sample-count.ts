/** Number of images in a sample grid, and of points in a plot. */
export const sampleCount = {images: 64, points: 1024};
