export { Broker } from './faults/broker.ts';
