/** Whether what is of a kind (compliance tasks of a type) is written on both sides, as it stands now. */
export interface DualWriteSwitch {
  /** At most a second old. Throws TARGET_UNAVAILABLE where nobody can tell. */
  isOn(kind: string): Promise<boolean>;
}

/** What a root waits for that is held back by a switch; the id beside it is the kind. */
export const SWITCH_NEED = 'switch';
