import { NumberInput } from "@mantine/core";
import { useTranslation } from "react-i18next";

const DAY_SECONDS = 86_400;

/** A wait in seconds, of up to a day. */
export function SecondsInput({
  label,
  description,
  value,
  onChange,
  error,
}: {
  label: string;
  description?: string;
  value: number;
  onChange: (seconds: number) => void;
  error?: string;
}) {
  const { t } = useTranslation("bot");
  return (
    <NumberInput
      label={label}
      description={description}
      value={value}
      // An emptied field is nothing: nobody waits.
      onChange={(seconds) => onChange(Math.round(Number(seconds) || 0))}
      min={0}
      max={DAY_SECONDS}
      allowDecimal={false}
      suffix={` ${t("seconds")}`}
      error={error}
    />
  );
}
