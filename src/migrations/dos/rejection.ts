import { type Note, SluiceError } from '../../core/index.ts';

/** Why a service cannot be moved although its transformer wanted it. Ids and names of fields, no values. */
export type ServiceError =
  | { readonly kind: 'model_validation'; readonly model: string; readonly fields: readonly string[] }
  | { readonly kind: 'metadata_missing'; readonly model: string; readonly key: string }
  | { readonly kind: 'service_not_found' }
  | { readonly kind: 'parent_not_found' }
  | { readonly kind: 'parent_failed_validation' }
  | { readonly kind: 'deletion_not_supported'; readonly entity: string }
  /** columns that cannot be what their table declares, in words without their values */
  | { readonly kind: 'row_invalid'; readonly reason: string }
  /** the store can never hold what was made: an item too large, a key that is empty */
  | { readonly kind: 'ddb_validation' }
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
    case 'service_not_found':
      return 'there is no service of this id';
    case 'parent_not_found':
      return 'there is no active pharmacy of the code this service is linked by';
    case 'parent_failed_validation':
      return 'the pharmacy this service is linked to cannot be moved';
    case 'deletion_not_supported':
      return `the ${error.entity} moved earlier is no longer made`;
    case 'row_invalid':
      return error.reason;
    case 'ddb_validation':
      return 'DynamoDB can never hold what was made of this service';
    case 'transaction_cancelled':
      return 'its documents are in the tables already, and no state tells that they are ours';
  }
}

export const unfit = (model: string, ...fields: string[]): Rejection =>
  new Rejection({ kind: 'model_validation', model, fields });
