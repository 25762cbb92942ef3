/** What the help says of an argument that names a run (`findRun`). */
export const runHelp = 'run folder, its name in runs/ or a part of it, or latest';
