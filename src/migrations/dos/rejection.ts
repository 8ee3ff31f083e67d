import { type Note, SluiceError } from '../../core/index.ts';

/** Why a service cannot be moved although its transformer wanted it. Ids and names of fields, no values. */
export type ServiceError =
  | { readonly kind: 'model_validation'; readonly model: string; readonly fields: readonly string[] }
  | { readonly kind: 'metadata_missing'; readonly model: string; readonly key: string }
  | { readonly kind: 'parent_not_found' }
  | { readonly kind: 'parent_failed_validation' }
  | { readonly kind: 'deletion_not_supported'; readonly entity: string }
  /** what a transaction would be refused for, one word an item */
  | { readonly kind: 'transaction_cancelled'; readonly reasons: readonly string[] };

/** Parks a service; it goes on when one of its rows is mended. */
export class Rejection extends SluiceError {
  readonly error: ServiceError;

  constructor(error: ServiceError, notes: readonly Note[] = []) {
    super('ROW_INVALID', wordsOf(error), { context: { kind: error.kind }, notes });
    this.error = error;
  }
}

function wordsOf(error: ServiceError): string {
  switch (error.kind) {
    case 'model_validation':
      return `${error.model}: these fields do not fit: ${error.fields.join(', ')}`;
    case 'metadata_missing':
      return `there is no ${error.model} of id ${error.key}`;
    case 'parent_not_found':
      return 'there is no active pharmacy of the code this service is linked by';
    case 'parent_failed_validation':
      return 'the pharmacy this service is linked to cannot be moved';
    case 'deletion_not_supported':
      return `the ${error.entity} moved earlier is no longer made`;
    case 'transaction_cancelled':
      return 'its documents are in the tables already, and no state tells that they are ours';
  }
}

export const unfit = (model: string, ...fields: string[]): Rejection =>
  new Rejection({ kind: 'model_validation', model, fields });
