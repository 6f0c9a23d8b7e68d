import { Check, ChevronDown } from "lucide-react";
import { Button, FieldError, Label, ListBox, ListBoxItem, Popover, Select, SelectValue } from "react-aria-components";

import css from "./Choice.module.css";
import { fieldCss } from "./Field.tsx";

interface Props<T extends string> {
  label: string;
  name?: string;
  value: T | null;
  options: readonly { id: T; label: string }[];
  onChange: (value: T) => void;
  required?: boolean;
  disabled?: boolean;
  hideLabel?: boolean;
}

/** One of a few. */
export function Choice<T extends string>({ label, name, value, options, onChange, required = false, disabled = false, hideLabel = false }: Props<T>) {
  return (
    <Select
      className={fieldCss.field as string}
      {...(name === undefined ? {} : { name })}
      {...(hideLabel ? { "aria-label": label } : {})}
      value={value}
      onChange={(key) => {
        const picked = options.find((option) => option.id === key);
        if (picked) onChange(picked.id);
      }}
      isRequired={required}
      isDisabled={disabled}
      placeholder="Choose…"
    >
      {!hideLabel && <Label className={fieldCss.label as string}>{label}</Label>}
      <Button className={css.button as string}>
        <SelectValue />
        <ChevronDown size={16} aria-hidden="true" />
      </Button>
      <FieldError className={fieldCss.error as string} />
      <Popover className={css.popover as string}>
        <ListBox className={css.list as string} items={options}>
          {(option) => (
            <ListBoxItem id={option.id} textValue={option.label} className={css.item as string}>
              <span data-words="">{option.label}</span>
              <Check size={16} className={css.check} aria-hidden="true" />
            </ListBoxItem>
          )}
        </ListBox>
      </Popover>
    </Select>
  );
}
