import { useMemo } from "react";
import { TemplateField } from "~/template-editor";
import type { FieldKind } from "~/template-language";
import { useEditing } from "./editing";

/** One template of the message. */
export function SourceField({
  field,
  kind,
  label,
  value,
  onChange,
  multiline = false,
}: {
  /** Its name in the API: `message.embed.title`. */
  field: string;
  kind: FieldKind;
  label: string;
  value: string;
  onChange: (value: string) => void;
  multiline?: boolean;
}) {
  const { variables, values, told, onSave, onTest } = useEditing();
  const errors = useMemo(() => told.filter((error) => error.field === field), [told, field]);
  return (
    <TemplateField
      label={label}
      kind={kind}
      value={value}
      onChange={onChange}
      multiline={multiline}
      variables={variables}
      values={values}
      errors={errors}
      onSave={onSave}
      onSubmit={onTest}
    />
  );
}
