import type { ReactNode } from "react";
import { FieldError, Input, Label, Text, TextArea, TextField } from "react-aria-components";

import css from "./Field.module.css";

interface Props {
  label: string;
  /** The field's name on the wire, by which the server's messages find it. */
  name: string;
  value: string;
  onChange: (value: string) => void;
  hint?: ReactNode;
  required?: boolean;
  readOnly?: boolean;
  lines?: number;
  /** Shows how much of it is used. */
  max?: number;
  inputMode?: "text" | "numeric" | "url";
  type?: "text" | "password" | "url";
  autoComplete?: string;
  autoFocus?: boolean;
  placeholder?: string;
}

/** One line of text, or several. The server says what is wrong with it; what it says goes when the text changes. */
export function Field({ label, hint, lines = 0, max, required = false, readOnly = false, placeholder, ...props }: Props) {
  const used = [...props.value.trim()].length;
  return (
    <TextField {...props} isRequired={required} isReadOnly={readOnly} className={css.field as string}>
      <span className={css.top}>
        <Label>{label}</Label>
        {max !== undefined && used > max * 0.6 && (
          <span className={css.counter} data-over={used > max} aria-hidden="true">
            {used}/{max}
          </span>
        )}
      </span>
      {lines > 1 ? <TextArea rows={lines} placeholder={placeholder} /> : <Input placeholder={placeholder} />}
      {hint !== undefined && (
        <Text slot="description" className={css.hint as string}>
          {hint}
        </Text>
      )}
      <FieldError className={css.error as string} />
    </TextField>
  );
}

export { css as fieldCss };
