import { type AwsClient, type AwsServer, createAwsClient } from '../aws/index.ts';

export type DynamoDbOptions = AwsServer;
export type DynamoDbClient = AwsClient;

const DYNAMODB = { name: 'DynamoDB', signedAs: 'dynamodb', prefix: 'DynamoDB_20120810', json: '1.0' } as const;

export const createDynamoDbClient = (options: DynamoDbOptions): DynamoDbClient => createAwsClient(DYNAMODB, options);
