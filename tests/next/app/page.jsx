import { Coaches } from "./coaches.jsx";

export default () => <Coaches />;
