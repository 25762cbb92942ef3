import {expect} from 'chai';
import {table} from '../../dist/cli/text/format.js';
import {indented, jsonText, printable, printableLine, width} from '../../dist/cli/text/printable.js';
import {styleFor} from '../../dist/cli/text/style.js';
import {tableHeader, tableRow} from '../../dist/cli/training/epoch-table.js';
import {hostileTexts, terminalOrders} from '../reliability/hostile-strings.js';

const paint = styleFor({isTTY: true, write: () => {}}, {});

describe('text for a terminal', () => {
  it('is the same where there is nothing but text', () => {
    const family = '\u{1F468}\u200D\u{1F469}\u200D\u{1F467}';
    for (const text of ['abc', 'two\nlines', 'Größe 日本語 नमस्ते e\u0301 \u2764\uFE0F', family, ''])
      expect(printable(text)).to.equal(text);
  });

  it('shows what would be an order to the terminal, or invisible, as JSON writes it', () => {
    for (const text of hostileTexts) {
      expect(terminalOrders.exec(printable(text)), JSON.stringify(text)).to.equal(null);
      expect(printableLine(text)).to.not.contain('\n');
    }
    expect(printable('a\u001B[2Jb\u009Bc\u202Ed\u200Be\u{E0041}\rf')).to.equal(
      'a\\u001b[2Jb\\u009bc\\u202ed\\u200be\\udb40\\udc41\\u000df',
    );
  });

  it('keeps the colours that the program gave, and only those', () => {
    const label = paint('red', 'Error');
    expect(printable(`${label} of \u001B[31mx\u001B[39m`)).to.equal(`${label} of \\u001b[31mx\\u001b[39m`);
    expect(printable(`${label}\u001B[0m`)).to.equal(`${label}\\u001b[0m`);
    expect(printable(paint('cyan', 'a\u0007\u001B[2Jb'))).to.not.match(/\u0007|\u001B\[2J/);
  });

  it('lets no line of a message pass for another message', () =>
    expect(indented('file a\nError: b')).to.equal('file a\n  Error: b'));

  it('is JSON of the same value', () => {
    for (const text of hostileTexts) {
      const json = jsonText({[text]: [text]});
      expect(JSON.parse(json)).to.deep.equal({[text]: [text]});
      expect(terminalOrders.exec(json)).to.equal(null);
    }
  });

  it('counts the columns of wide and combining characters', () => {
    for (const [text, columns] of [
      ['abc', 3],
      ['日本語', 6],
      ['한글', 4],
      ['e\u0301', 1],
      ['\u{1F468}\u200D\u{1F469}\u200D\u{1F467}', 2],
      ['ｆ', 2],
      ['é–', 2],
    ] as const)
      expect(width(text), text).to.equal(columns);
  });

  it('stands in straight columns, one line a row', () => {
    const lines = table(
      ['name', 'value'],
      [
        ['日本語', 'a'],
        ['two\nlines', 'b'],
        ['e\u0301', 'c'],
      ],
    );
    expect(lines).to.deep.equal(['name        value', '日本語      a', 'two\\nlines  b', 'e\u0301           c']);
  });

  it('keeps large losses apart in the table of epochs', () => {
    const columns = ['epoch', 'train_loss', 'gen_loss', 'crit_loss'];
    for (const loss of [-123.456789, 12345678.9, 1e8, -1.5e12, 1e300, 3e38]) {
      const row = [0, loss, -loss, loss];
      const cells = tableRow({columns, row, seconds: 1}).split(/ {1,}/);
      expect(cells).to.have.length(5);
      expect(
        cells
          .slice(1, 4)
          .map(Number)
          .map((value) => value.toPrecision(6)),
      ).to.deep.equal([loss, -loss, loss].map((value) => value.toPrecision(6)));
    }
    expect(tableHeader({columns, row: [], seconds: 0})).to.equal('epoch     train_loss  gen_loss  crit_loss  time');
  });
});
