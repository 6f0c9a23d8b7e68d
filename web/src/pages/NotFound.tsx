import { Compass } from "lucide-react";
import { Link } from "react-router";

import { useTitle } from "../app/useTitle.ts";
import { buttonClass } from "../ui/Button.tsx";
import { Empty } from "../ui/Empty.tsx";

export function NotFound() {
  useTitle("Not found");
  return (
    <>
      <h1 className="hidden-text">Not found</h1>
      <Empty icon={Compass} title="There is no page here" action={<Link to="/" className={buttonClass("primary")}>To the week</Link>}>
        The address may be old or mistyped.
      </Empty>
    </>
  );
}
