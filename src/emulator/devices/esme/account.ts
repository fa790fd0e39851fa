/** Payment mode, as account_mode_and_status has it. */
export const PAYMENT_MODE = { credit: 1, prepayment: 2 } as const;
export type PaymentMode = (typeof PAYMENT_MODE)[keyof typeof PAYMENT_MODE];

/** Money of the meter in its own unit, 1/100000 of a pound. */
export interface Account {
  readonly mode: PaymentMode;
  readonly balance: number;
  /** What is left of emergency credit; 0 unless it was activated. */
  readonly emergencyCredit: number;
  readonly emergencyCreditLimit: number;
  readonly accumulatedDebt: number;
  readonly timeDebt1: number;
  readonly timeDebt2: number;
  readonly paymentDebt: number;
  /** Price of a kilowatt hour. */
  readonly price: number;
  /** Below this balance a prepayment meter disables the supply. */
  readonly disablementThreshold: number;
}

export const NEW_ACCOUNT: Account = {
  mode: PAYMENT_MODE.credit,
  balance: 0,
  emergencyCredit: 0,
  emergencyCreditLimit: 1_000_000,
  accumulatedDebt: 0,
  timeDebt1: 0,
  timeDebt2: 0,
  paymentDebt: 0,
  price: 24_500,
  disablementThreshold: 0,
};

/** The account after so many watt hours: in prepayment mode the balance pays, then emergency credit. */
export function consumed(account: Account, wh: number): Account {
  if (account.mode !== PAYMENT_MODE.prepayment) return account;
  const cost = (account.price * wh) / 1_000;
  if (account.emergencyCredit > 0 && account.balance <= account.disablementThreshold)
    return { ...account, emergencyCredit: Math.max(0, account.emergencyCredit - cost) };
  return { ...account, balance: account.balance - cost };
}

/** The account after a top-up. */
export function credited(account: Account, amount: number): Account {
  return { ...account, balance: account.balance + amount };
}

/** Whether a prepayment meter has run out: neither balance nor emergency credit is left. */
export function isExhausted({ mode, balance, emergencyCredit, disablementThreshold }: Account): boolean {
  return mode === PAYMENT_MODE.prepayment && balance <= disablementThreshold && emergencyCredit <= 0;
}
