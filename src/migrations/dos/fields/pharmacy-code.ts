export const PHARMACY_CODE_LENGTH = 5;

const CODE = /^(?:F[A-Z0-9]{4}|[A-Z][0-9][A-Z][0-9][A-Z])$/;

export const isPharmacyCode = (code: string): boolean => CODE.test(code);
