const usd = (digits) =>
  new Intl.NumberFormat('en', {
    style: 'currency',
    currency: 'USD',
    minimumFractionDigits: 2,
    maximumFractionDigits: digits,
  });

/** Small amounts need their small digits. */
export function money(value) {
  return usd(value !== 0 && Math.abs(value) < 0.1 ? 4 : 2).format(value);
}

export function count(value) {
  return new Intl.NumberFormat('en').format(value);
}

export function milliseconds(value) {
  if (value === null || value === undefined) return '–';
  if (value >= 10_000) return `${(value / 1000).toFixed(0)} s`;
  if (value >= 1_000) return `${(value / 1000).toFixed(1)} s`;
  return `${value < 10 ? value.toFixed(1) : Math.round(value)} ms`;
}

export function percent(value, digits = 2) {
  if (value === null || value === undefined) return '–';
  return `${Number((value * 100).toFixed(digits))} %`;
}

export function moment(iso) {
  return new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' }).format(new Date(iso));
}
