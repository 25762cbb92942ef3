// Writes the Parquet files of this folder that have lists of labels, and attributes, by DuckDB: `npm install @duckdb/node-api`, then
// `node make-lists.mjs FOLDER`. The pictures are those of the file none.parquet.
import {DuckDBInstance} from '@duckdb/node-api';
import path from 'node:path';

const out = process.argv[2];
const connection = await (await DuckDBInstance.create()).connect();
const pictures = `SELECT row_number() OVER () - 1 AS i, image FROM '${path.join(import.meta.dirname, 'none.parquet')}'`;

/** @param features what the hub's library would note of the columns */
async function write(name, columns, features, {from = pictures, options = ''} = {}) {
  const note = JSON.stringify({info: {features}}).replaceAll("'", "''");
  await connection.run(
    `COPY (SELECT ${columns} FROM (${from}) ORDER BY i) TO '${path.join(out, name)}' (FORMAT parquet, KV_METADATA {huggingface: '${note}'} ${options})`,
  );
}

const image = {_type: 'Image'};
const names = ['beach', 'city', 'forest', 'sea'];
const classLabel = {names, _type: 'ClassLabel'};
const lists = `CASE i WHEN 0 THEN [0, 3] WHEN 1 THEN [] WHEN 2 THEN NULL WHEN 3 THEN [2] WHEN 4 THEN [1, NULL, 3] ELSE [i % 4] END`;
// numbers of classes, in the two ways in which the hub's library has noted lists of them
await write('lists.parquet', `image, ${lists}::BIGINT[] AS labels`, {
  image,
  labels: {feature: classLabel, _type: 'Sequence'},
});
await write('lists-of-list.parquet', `image, ${lists}::INTEGER[] AS labels`, {image, labels: [classLabel]});
// words
await write('lists-words.parquet', `image, list_transform(${lists}, x -> ['a', 'b', 'c', 'd'][x + 1]) AS tags`, {
  image,
  tags: {feature: {dtype: 'string', _type: 'Value'}, _type: 'List'},
});
// marks of 0 and 1, the same number for each picture
await write('lists-marks.parquet', `image, [i % 2, 1 - i % 2, (i > 3)::INT]::TINYINT[] AS labels`, {image});
// a column for each attribute, beside numbers that are none
await write('attributes.parquet', `image, i AS id, i % 2 = 0 AS even, (CASE WHEN i > 3 THEN 1 ELSE -1 END) AS late`, {
  image,
});
// thousands of rows in several groups and pages
await write(
  'lists-long.parquet',
  `'x'::BLOB AS image, list_transform(range(i % 7), x -> (x + i) % 4) AS labels`,
  {image, labels: {feature: classLabel, _type: 'Sequence'}},
  {from: 'SELECT range AS i FROM range(5000)', options: ', ROW_GROUP_SIZE 2048'},
);
// only names of files, as the hub's library writes them where it does not embed the pictures
await write('paths.parquet', `{'bytes': NULL::BLOB, 'path': 'photos/' || i || '.png'} AS image`, {image});
