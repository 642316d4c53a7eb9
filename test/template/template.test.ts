import { describeAlarms } from './alarms.ts';
import { describeBundles } from './bundles.ts';
import { describeDurations } from './durations.ts';
import { describeEventSources } from './event-sources.ts';
import { describeFunctions } from './functions.ts';
import { packageService } from './package-service.ts';
import { describeQueues } from './queues.ts';
import { describeRoles } from './roles.ts';
import { describeRoutes } from './routes.ts';
import { describeTables } from './tables.ts';

const packaged = packageService('dev');

describeRoles(packaged);
describeRoutes(packaged);
describeFunctions(packaged);
describeEventSources(packaged);
describeDurations(packaged);
describeBundles(packaged);
describeTables(packaged);
describeQueues(packaged);
describeAlarms(packaged);
