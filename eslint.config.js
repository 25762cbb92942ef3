import tseslint from 'typescript-eslint';

/** Folders that import only from those below them (docs/design.md). */
const forbidden = (files, groups) => ({
  files,
  rules: {
    'no-restricted-imports': [
      'error',
      {patterns: groups.map(([group, message]) => ({group, message, allowTypeImports: true}))},
    ],
  },
});

export default tseslint.config(
  {
    ignores: [
      '**/dist/',
      'coverage/',
      'runs/',
      'plugins/*/assembly/',
      '**/*.mjs',
      'bin/',
      'eslint.config.js',
      'test/types/',
    ],
  },
  ...tseslint.configs.recommendedTypeChecked,
  {
    languageOptions: {
      parserOptions: {
        project: ['./tsconfig.json', './test/tsconfig.json', './src/ui/tsconfig.json', './plugins/*/tsconfig.json'],
        tsconfigRootDir: import.meta.dirname,
      },
    },
    rules: {
      '@typescript-eslint/consistent-type-imports': ['error', {disallowTypeAnnotations: false}],
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-unused-vars': [
        'error',
        {argsIgnorePattern: '^_', varsIgnorePattern: '^_', destructuredArrayIgnorePattern: '^_'},
      ],
      '@typescript-eslint/require-await': 'off', // interfaces are asynchronous where some implementations need it
      '@typescript-eslint/unbound-method': 'off', // parts and callbacks are plain objects of functions that use no `this`
      '@typescript-eslint/restrict-template-expressions': ['error', {allowNumber: true, allowArray: true}],
      eqeqeq: 'error',
      'no-var': 'error',
      'prefer-const': 'error',
      // prettier wraps code; comments are wrapped by hand
      'max-len': [
        'error',
        {
          code: 120,
          ignoreStrings: true,
          ignoreTemplateLiterals: true,
          ignoreRegExpLiterals: true,
          ignoreUrls: true,
        },
      ],
    },
  },
  {
    files: ['src/gan/**', 'src/backends/**', 'plugins/*/src/**'],
    rules: {'no-console': 'error'},
  },
  {
    files: ['test/**'],
    rules: {
      '@typescript-eslint/no-unused-expressions': 'off', // chai
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/no-unnecessary-type-assertion': 'off', // ranks of tfjs tensors
    },
  },
  forbidden(
    ['src/gan/**'],
    [
      [['**/commands/**', '**/cli/**', '**/config/**'], 'the library knows nothing of the command line'],
      [
        ['**/runs/**', '**/backends/open.js', '**/plugin/registry.js', '**/plugin/discover.js'],
        'the library knows no concrete backend',
      ],
    ],
  ),
  forbidden(
    ['src/backends/device.ts', 'src/backends/tf.ts', 'src/backends/fused/**'],
    [[['**/gan/**', '**/config/**', '**/commands/**', '**/cli/**'], 'backends lie below the library']],
  ),
  forbidden(
    ['plugins/*/src/**', 'src/parts/**'],
    [
      [
        ['**/src/**', '../../../*', '**/gan/**', '**/backends/**'],
        "parts receive the API; they import its types from 'gankit/plugin' only",
      ],
    ],
  ),
);
