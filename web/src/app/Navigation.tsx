import { CalendarDays, ClipboardList, Dumbbell, Users } from "lucide-react";
import { NavLink } from "react-router";

import css from "./Navigation.module.css";

const places = [
  { to: "/", name: "Week", short: "Week", icon: CalendarDays },
  { to: "/coaches", name: "Coaches", short: "Coaches", icon: Users },
  { to: "/plans", name: "Workout plans", short: "Plans", icon: ClipboardList },
  { to: "/moves", name: "Exercise moves", short: "Moves", icon: Dumbbell },
];

export function Navigation() {
  return (
    <nav aria-label="Main" className={css.nav}>
      <ul>
        {places.map(({ to, name, short, icon: Icon }) => (
          <li key={to}>
            <NavLink to={to} end={to === "/"} className={css.link as string} aria-label={name} title={name}>
              <Icon size={20} strokeWidth={1.9} aria-hidden="true" />
              <span className={css.long}>{name}</span>
              <span className={css.short}>{short}</span>
            </NavLink>
          </li>
        ))}
      </ul>
    </nav>
  );
}
