import { Textarea } from "@mantine/core";
import type { FieldKind } from "~/template-language";
import { useEditing } from "./editing";

/** One template of the message. */
export function SourceField({
  field,
  label,
  value,
  onChange,
  multiline = false,
}: {
  field: string;
  kind: FieldKind;
  label: string;
  value: string;
  onChange: (value: string) => void;
  multiline?: boolean;
  toolbar?: boolean;
}) {
  const { errors } = useEditing();
  return (
    <Textarea
      label={label}
      value={value}
      onChange={(event) => onChange(event.currentTarget.value)}
      error={errors(field)[0]?.message}
      autosize
      minRows={multiline ? 3 : 1}
    />
  );
}
