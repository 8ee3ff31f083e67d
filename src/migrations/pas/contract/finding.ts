/** What `contract check` can find wrong. ERROR: the contract must not run. WARN: somebody should look. */
export type FindingKind =
  | 'TABLE_NOT_PLANNED'
  | 'TABLE_UNKNOWN'
  | 'DRIVER_UNKNOWN'
  | 'KEY_INCOMPLETE'
  | 'COLUMN_UNKNOWN'
  | 'ROW_UNKNOWN'
  | 'JOIN_MAY_MATCH_SEVERAL'
  | 'JOIN_MISSING'
  | 'ORDER_UNFIT'
  | 'IDENTITY_CLASH'
  | 'EDGE_MISSING'
  | 'EDGE_UNKNOWN'
  | 'PARENT_UNKNOWN'
  | 'PARENT_KEY_WRONG'
  | 'LOAD_ORDER'
  | 'FIELD_MISSING'
  | 'FIELD_UNKNOWN'
  | 'FIELD_TWICE'
  | 'SOURCE_TABLE_WRONG'
  | 'SOURCE_COUNT'
  | 'RULE_UNKNOWN'
  | 'RULE_UNFIT'
  | 'CLASS_UNFIT'
  | 'TYPE_UNFIT'
  | 'LENGTH_UNFIT'
  | 'MANDATORY_UNGUARDED'
  | 'REASON_MISSING'
  | 'REVIEWER_MISSING'
  | 'CODE_UNCHECKED'
  | 'CROSSWALK_UNKNOWN'
  | 'CROSSWALK_UNUSED'
  | 'CROSSWALK_CODE_TWICE'
  | 'CROSSWALK_LENGTH';

export interface Finding {
  readonly severity: 'ERROR' | 'WARN';
  readonly kind: FindingKind;
  /** '' where it is about no table. */
  readonly table: string;
  readonly field: string;
  readonly message: string;
}

/** Takes what a check finds. */
export type Report = (kind: FindingKind, table: string, field: string, message: string) => void;
