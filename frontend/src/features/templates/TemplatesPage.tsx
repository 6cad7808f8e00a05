/** To be written. */
export function TemplatesPage() {
  return null;
}
