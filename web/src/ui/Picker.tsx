import { ChevronDown, X } from "lucide-react";
import { type KeyboardEvent, type ReactNode, useContext } from "react";
import {
  Button,
  ComboBox,
  ComboBoxStateContext,
  FieldError,
  Group,
  Input,
  Label,
  ListBox,
  ListBoxItem,
  ListLayout,
  Popover,
  Text,
  Virtualizer,
} from "react-aria-components";

import choice from "./Choice.module.css";
import { fieldCss } from "./Field.tsx";
import css from "./Picker.module.css";

interface Props<T extends { id: number; name: string }> {
  label: string;
  name?: string;
  value: number | null;
  rows: readonly T[];
  onChange: (id: number | null) => void;
  /** The line under a name, and the picture before it. */
  detail?: (row: T) => ReactNode;
  mark?: (row: T) => ReactNode;
  placeholder?: string;
  hint?: ReactNode;
  required?: boolean;
  disabled?: boolean;
  hideLabel?: boolean;
  clearable?: boolean;
  /** Marks it as wrong where the sentence stands elsewhere. */
  invalid?: boolean;
}

/** One row of many, found by typing; thousands are no trouble. */
export function Picker<T extends { id: number; name: string }>({ label, name, value, rows, onChange, detail, mark, placeholder = "Type to search", hint, required = false, disabled = false, hideLabel = false, clearable = false, invalid = false }: Props<T>) {
  return (
    <ComboBox
      className={fieldCss.field as string}
      {...(name === undefined ? {} : { name })}
      {...(hideLabel ? { "aria-label": label } : {})}
      formValue="key"
      value={value}
      onChange={(key) => onChange(typeof key === "number" ? key : null)}
      defaultItems={rows}
      isRequired={required}
      isDisabled={disabled}
      {...(invalid ? { isInvalid: true } : {})}
      allowsEmptyCollection
    >
      {!hideLabel && <Label>{label}</Label>}
      <Group className={css.group as string}>
        <PickerInput placeholder={placeholder} />
        {clearable && value !== null && (
          <Button slot={null} className={css.small as string} aria-label={`Clear ${label.toLowerCase()}`} onPress={() => onChange(null)}>
            <X size={15} aria-hidden="true" />
          </Button>
        )}
        <Button className={css.small as string}>
          <ChevronDown size={16} aria-hidden="true" />
        </Button>
      </Group>
      {hint !== undefined && (
        <Text slot="description" className={fieldCss.hint as string}>
          {hint}
        </Text>
      )}
      <FieldError className={fieldCss.error as string} />
      <Popover className={`${choice.popover} ${css.popover}`}>
        <section aria-label="Suggestions" className={css.suggestions}>
          <Virtualizer layout={ListLayout} layoutOptions={{ rowHeight: detail ? 52 : 42, padding: 6 }}>
            <ListBox className={css.list as string} renderEmptyState={() => <p className={css.none}>Nothing by that name</p>}>
              {(row: T) => (
                <ListBoxItem id={row.id} textValue={row.name} className={choice.item as string}>
                  {mark?.(row)}
                  <span className={css.words} data-words="">
                    <Text slot="label">{row.name}</Text>
                    {detail && <Text slot="description">{detail(row)}</Text>}
                  </span>
                </ListBoxItem>
              )}
            </ListBox>
          </Virtualizer>
        </section>
      </Popover>
    </ComboBox>
  );
}

/** Opens by a click and by typing, but not by focus alone: that may come by itself, to show what is wrong. */
function PickerInput({ placeholder }: { placeholder: string }) {
  const state = useContext(ComboBoxStateContext);

  // Text that matches one row chooses it. Otherwise Enter would discard the input.
  function choose(event: KeyboardEvent) {
    const typed = state?.inputValue.trim().toLowerCase();
    if (!state?.isOpen || !typed || state.selectionManager.focusedKey !== null || (event.key !== "Enter" && event.key !== "Tab")) return;
    const items = [...state.collection];
    const meant = items.length === 1 ? items[0] : items.find(({ textValue }) => textValue.toLowerCase() === typed);
    if (meant) state.selectionManager.setFocusedKey(meant.key);
    else if (event.key === "Enter") {
      event.preventDefault();
      event.stopPropagation();
    }
  }

  return <Input placeholder={placeholder} onKeyDownCapture={choose} onClick={() => state && !state.isOpen && state.open(null, "manual")} />;
}
