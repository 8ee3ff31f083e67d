import { describe, expect, it } from 'vitest';
import { refuseLostColumns } from '../../src/source/decode/lost-columns.ts';

const SUBJECT = 'supabase.public.submissions-value';

const envelope = (...columns: string[]): string =>
  JSON.stringify({
    type: 'record',
    name: 'Envelope',
    fields: [
      {
        name: 'before',
        type: ['null', { type: 'record', name: 'Value', fields: columns.map((name) => ({ name, type: 'string' })) }],
      },
      { name: 'after', type: ['null', 'Value'] },
      { name: 'op', type: 'string' },
    ],
  });

/** A registry that holds these schemas of the topic, the first as version 1 with id 101. */
const registry =
  (...schemas: string[]) =>
  async (path: string): Promise<unknown> => {
    const id = /^\/schemas\/ids\/(\d+)\/versions$/.exec(path)?.[1];
    // the same schema may stand in other topics
    if (id) return [{ subject: 'other-value', version: 9 }, ...[{ subject: SUBJECT, version: Number(id) - 100 }]];
    const version = Number(/\/versions\/(\d+)$/.exec(path)?.[1]);
    const schema = schemas[version - 1];
    return schema === undefined ? null : { schema };
  };

const look = (columns: readonly string[], at: number, ...schemas: string[]): Promise<void> =>
  refuseLostColumns(registry(...schemas), {
    id: 100 + at,
    schema: schemas[at - 1] as string,
    subject: SUBJECT,
    columns,
  });

describe('columns that go from a topic', () => {
  it('are missed when an earlier schema had them and rules read them', async () => {
    const going = look(['id', 'email', 'phone'], 3, envelope('id', 'email'), envelope('id', 'phone'), envelope('id'));
    await expect(going).rejects.toMatchObject({
      code: 'COLUMN_LOST',
      disposition: 'halt',
      message: `${SUBJECT}: a newer schema lacks columns that rules read: email, phone`,
    });
  });

  it('are not missed when no rule reads them', async () => {
    await look(['id'], 2, envelope('id', 'email'), envelope('id'));
  });

  it('that come later are no loss of the schemas before them', async () => {
    await look(['id', 'email'], 1, envelope('id'), envelope('id', 'email'));
    await look(['id', 'email'], 2, envelope('id'), envelope('id', 'email'));
  });

  it('are missed in the schema between, when they were put back', async () => {
    const schemas = [envelope('id', 'email'), envelope('id'), envelope('email', 'id')];
    await expect(look(['email'], 2, ...schemas)).rejects.toMatchObject({ code: 'COLUMN_LOST' });
    await look(['email'], 3, ...schemas);
  });

  it('are looked for in schemas of change events only', async () => {
    const key = JSON.stringify({ type: 'record', name: 'Key', fields: [{ name: 'id', type: 'string' }] });
    await look(['email'], 2, envelope('id', 'email'), key);
    await look(['email'], 2, envelope('id', 'email'), '"string"');
  });

  it('are waited for while the registry is away', async () => {
    const away = async (): Promise<never> => {
      throw new Error('away');
    };
    const schema = envelope('id');
    await expect(refuseLostColumns(away, { id: 2, schema, subject: SUBJECT, columns: ['email'] })).rejects.toThrow(
      'away',
    );
  });
});
