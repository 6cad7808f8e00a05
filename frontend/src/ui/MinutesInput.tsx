import { NumberInput } from "@mantine/core";
import type { ReactNode } from "react";

/** A span in minutes, which the API knows in seconds. */
export function MinutesInput({
  label,
  description,
  seconds,
  onChange,
  maxMinutes,
  suffix,
  error,
}: {
  label: string;
  description?: ReactNode;
  seconds: number;
  onChange: (seconds: number) => void;
  maxMinutes: number;
  /** The unit, as it stands behind the number. */
  suffix: string;
  error?: string;
}) {
  return (
    <NumberInput
      label={label}
      description={description}
      value={seconds / 60}
      // An emptied field is nothing: no minutes.
      onChange={(minutes) => onChange(Math.round((Number(minutes) || 0) * 60))}
      min={0}
      max={maxMinutes}
      decimalScale={2}
      suffix={` ${suffix}`}
      error={error}
    />
  );
}
