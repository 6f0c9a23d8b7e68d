import { Search as SearchIcon, X } from "lucide-react";
import { Button, Input, SearchField } from "react-aria-components";

import { fieldCss } from "./Field.tsx";
import css from "./Search.module.css";

export function Search({ label, value, onChange }: { label: string; value: string; onChange: (value: string) => void }) {
  return (
    <SearchField aria-label={label} value={value} onChange={onChange} className={`${fieldCss.field} ${css.search}`}>
      <SearchIcon size={17} className={css.icon} aria-hidden="true" />
      <Input placeholder="Search" />
      <Button className={css.clear as string}>
        <X size={15} aria-hidden="true" />
      </Button>
    </SearchField>
  );
}
