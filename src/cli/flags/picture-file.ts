/** Checks the name of a picture that `--out` names, before anything is drawn. @throws GanError GAN_IMAGE_FORMAT */
export async function assertPicture(file: string): Promise<void> {
  const {assertPictureName} = await import('../../gan/data/grid.js');
  assertPictureName(file);
}
