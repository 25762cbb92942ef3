/** Seconds that a module, a `create` or a listing of a plug-in may take: `GAN_PLUGIN_SECONDS`, or 10. */
export function patienceSeconds(): number {
  const given = Number(process.env['GAN_PLUGIN_SECONDS']);
  return Number.isFinite(given) && given > 0 ? given : 10;
}
