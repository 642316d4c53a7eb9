import { describeAlarms } from './alarms.ts';
import { describeBundles } from './bundles.ts';
import { describeDashboard } from './dashboard.ts';
import { deployed } from './deployed.ts';
import { describeDurations } from './durations.ts';
import { describeEventSources } from './event-sources.ts';
import { describeFunctions } from './functions.ts';
import { packageService } from './package-service.ts';
import { describeQueues } from './queues.ts';
import { describeRoles } from './roles.ts';
import { describeRoutes } from './routes.ts';
import { describeTables } from './tables.ts';
import { describeWildcards } from './wildcards.ts';

const packaged = packageService('dev');

describeRoles(deployed(packaged), { stage: 'dev' });
describeRoutes(packaged);
describeFunctions(packaged);
describeEventSources(packaged);
describeDurations(packaged);
describeBundles(packaged);
describeTables(packaged);
describeQueues(packaged);
describeAlarms(packaged);
describeDashboard(packaged);
describeWildcards(packaged, 'dev');
