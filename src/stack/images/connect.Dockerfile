# Debezium's own image brings the Apicurio converter of another major version than our registry's. This one takes the
# converter from the same reactor as the process provider (src/stack/maven), laid out as src/stack/tools.ts does it.
ARG DEBEZIUM_VERSION
FROM docker.io/library/maven:3.9-eclipse-temurin-17 AS converter
COPY maven /maven
RUN mvn -B -ntp -f /maven/pom.xml -pl converter -Dsluice.jars=/jars package
# Connect brings these itself; twice, they would not be the same classes
RUN cd /jars/converter && rm -f connect-api-*.jar connect-json-*.jar kafka-clients-*.jar slf4j-api-*.jar
# the converter lacks the index by which Connect finds it without reading every class
RUN mkdir -p /index/META-INF/services \
 && printf 'io.apicurio.registry.utils.converter.AvroConverter\nio.apicurio.registry.utils.converter.ExtJsonConverter\n' \
    > /index/META-INF/services/org.apache.kafka.connect.storage.Converter \
 && jar cf /jars/converter/services-index.jar -C /index META-INF

FROM quay.io/debezium/connect:${DEBEZIUM_VERSION}
COPY --from=converter /jars/converter /kafka/connect/apicurio-converter
